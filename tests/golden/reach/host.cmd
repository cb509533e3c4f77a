reach host shop.side files/shop.ctstack
