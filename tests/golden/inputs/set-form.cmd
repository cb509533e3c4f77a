check --set modle=a --set model=b --set model=c --set x --set =1 --set workers=1+ --set names= used/lab.ctstack
