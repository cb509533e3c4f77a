output --set media=path("/srv/x:ro") used/paths.ctstack
