/* A manifest without the table that belongs to it. */
int not_a_plugin = 1;
