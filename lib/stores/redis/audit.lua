-- Audit records that found nothing to travel with. KEYS: the partition's list of chains. ARGV: audit.
keep_audit(1)
return 'done'
