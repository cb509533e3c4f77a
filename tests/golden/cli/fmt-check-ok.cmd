fmt --check ../stack/good.ctstack
