fmt --diff ../grammar/layout.ctstack ../stack/good.ctstack
