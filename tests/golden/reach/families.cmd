reach shop.db shop.modern.http files/shop.ctstack
