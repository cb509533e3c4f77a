reach shop.web shop.db.http files/shop.ctstack
