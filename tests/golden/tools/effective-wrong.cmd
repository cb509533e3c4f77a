show --effective ../stack/wrong-type.ctstack
