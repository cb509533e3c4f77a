doc contaner
