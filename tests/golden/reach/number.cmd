reach shop.web shop.db:5433 files/shop.ctstack
