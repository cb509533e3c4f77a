explain E0699
