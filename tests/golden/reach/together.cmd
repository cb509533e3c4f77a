reach shop.web shop.side.metrics files/shop.ctstack
