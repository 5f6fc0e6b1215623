// Global parameters of OpenSIPS scripts, of all versions: what becomes of each.

export type GlobalKind = 'ours' | 'ignored' | 'removed' | 'unknown'

/** Those that say something to us too. */
const OURS = new Set(['db_default_url', 'log_level', 'children', 'udp_workers', 'max_while_loops'])

/** Of versions that nobody runs unchanged any more. */
const REMOVED = new Set([
  'disable_tcp',
  'disable_tls',
  'disable_dns_blacklist',
  'debug',
  'fork',
  'port',
  'log_name',
])

const IGNORED = new Set(
  `
  abort_on_assert advertised_address advertised_port auto_aliases auto_scaling_cycle auto_scaling_profile avp_aliases
  check_via chroot db_max_async_connections db_version_table debug_mode disable_503_translation disable_core_dump
  disable_dns_failover disable_stateless_fwd dns dns_retr_no dns_retr_time dns_servers_no dns_try_ipv6 dns_try_naptr
  dns_use_search_list dst_blacklist enable_asserts event_pkg_threshold event_shm_threshold exec_dns_threshold
  exec_msg_threshold gid group log_event_enabled log_event_level_filter log_facility log_json_buf_size
  log_msg_buf_size log_prefix log_stderror log_stdout maxbuffer mcast_loopback mcast_ttl mem_dump
  mem_log memdump memlog mhomed mpath open_files_limit poll_method pv_print_buf_size query_buffer_size
  query_flush_time restart_persistency_cache_file restart_persistency_size rev_dns server_header server_signature
  shm_hash_split_percentage shm_memlog_size shm_secondary_hash_size sip_warning stderror_enabled
  stderror_level_filter stderror_log_format syslog_enabled syslog_facility syslog_level_filter syslog_log_format
  syslog_name tcp_accept_aliases tcp_children tcp_connect_timeout tcp_connection_lifetime tcp_keepalive
  tcp_keepcount tcp_keepidle tcp_keepinterval tcp_listen_backlog tcp_max_connections tcp_max_msg_time
  tcp_no_new_conn_bflag tcp_no_new_conn_rplflag tcp_parallel_handling tcp_parallel_read_on_workers tcp_poll_method
  tcp_send_timeout tcp_socket_backlog tcp_workers timer_workers tos uid user user_agent_header wdir workdir
  xlog_buf_size xlog_default_level xlog_force_color xlog_level xlog_print_level
`
    .trim()
    .split(/\s+/),
)

export function globalKind(name: string): GlobalKind {
  if (OURS.has(name)) return 'ours'
  if (REMOVED.has(name)) return 'removed'
  return IGNORED.has(name) ? 'ignored' : 'unknown'
}

/** Level of OpenSIPS to ours; a notice is what an operator wants to read. */
export const LOG_LEVELS = new Map([
  [-3, 'error'],
  [-2, 'error'],
  [-1, 'error'],
  [0, 'warn'],
  [1, 'warn'],
  [2, 'info'],
  [3, 'info'],
  [4, 'debug'],
])
