reach shop.web
