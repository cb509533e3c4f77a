check --set registry=localhost/w:1 inputs.ctstack
