"""The floors run with the same workers as the product (gunicorn.conf.py of the project)."""

worker_class = "gthread"
workers = 2
threads = 4
keepalive = 130
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
