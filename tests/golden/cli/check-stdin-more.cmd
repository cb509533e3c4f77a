check a.ctstack -
