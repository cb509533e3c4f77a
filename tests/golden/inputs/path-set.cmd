output --set media=/srv/Bücher,alte:neu --set how={from=/x,at="/a,b"} used/paths.ctstack
