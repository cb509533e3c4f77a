check --fromat json x
