reach --format json world shop.lan:80 files/shop.ctstack
