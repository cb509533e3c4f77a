fmt --check ../../../examples/hello.ctstack
