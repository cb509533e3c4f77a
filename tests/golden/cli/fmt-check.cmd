fmt --check ../grammar/layout.ctstack ../stack/good.ctstack ../stack/broken-lines.ctstack
