"""What a text says: rules now, a classifier later, behind one interface (:class:`thiqa.annotate.Scorer`)."""
