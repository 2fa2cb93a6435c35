"""What people say: the local web app in which they look at a season and decide."""
