fmt --diff --check ../grammar/layout.ctstack
