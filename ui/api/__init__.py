"""REST at ``/v1``: ``app`` builds it, ``requests`` and ``replies`` say what goes in and out."""
