reach world shop.web files/shop.ctstack
