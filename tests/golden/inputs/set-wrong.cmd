check --set model=a --set workers=9 --set class={cpu=0,memory=1,mode=medium,disk=1GiB} --set level=loud --set data=relative --set names=[1] --set registry=Worker used/lab.ctstack
