reach shop.db shop.web.http files/shop.ctstack
