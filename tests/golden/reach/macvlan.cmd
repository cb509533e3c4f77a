reach world shop.tv:80 files/shop.ctstack
