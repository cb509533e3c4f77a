doc ../tools/inputs.ctstack
