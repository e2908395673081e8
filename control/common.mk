# shared by the roles
