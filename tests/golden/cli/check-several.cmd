check ../stack/good.ctstack ../text/ok.ctstack
