doc address
