output --set media=/srv/x:ro --set trees=["a",/b] --set how={from="/srv/\n"} used/paths.ctstack
