check --format sarif ../stack/wrong-type.ctstack ../stack/unknown-field.ctstack ../stack/duplicate-name.ctstack
