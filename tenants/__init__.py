"""Who we serve: companies, their people, what each may do, and the record of what changed."""
