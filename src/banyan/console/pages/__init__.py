"""The pages: each handler takes a Visit, asks the services, and answers with a page or the way to one."""
