check --set model=llama3.2:8b --set workers=2 --set class={cpu=4,memory=1GiB} --set names=["x"] --set level=debug --set data=/srv/data used/lab.ctstack
