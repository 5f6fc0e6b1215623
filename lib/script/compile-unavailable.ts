// Functions of OpenSIPS that scripts call and hepcapd does not have, with what would do instead. Whatever sends or
// changes SIP is among them and must never be anything else: hepcapd transmits no SIP.

export interface Unavailable {
  what: string
  cure: string
}

type Kind = (call: string) => Unavailable

const transmits: Kind = (call) => ({
  what: `${call} would send SIP, and hepcapd never transmits SIP`,
  cure: 'remove it; hep_relay() sends the captured packet on as HEP',
})

const changes: Kind = (call) => ({
  what: `${call} would change SIP that is sent, and hepcapd never transmits SIP`,
  cure: 'remove it; sip_capture() stores the message as it was captured, and hep_set() changes HEP chunks',
})

const handles: Kind = (call) => ({
  what: `${call} belongs to a SIP server, and hepcapd only captures`,
  cure: 'remove it',
})

const asksDatabases: Kind = (call) => ({
  what: `${call} is not available: routes ask no database`,
  cure: 'count with cache_add() or update_stat(), or query in a function of the module of --routes',
})

const runsPrograms: Kind = (call) => ({
  what: `${call} is not available: hepcapd runs no other programs`,
  cure: 'write it as a function of the module of --routes',
})

const asksServers: Kind = (call) => ({
  what: `${call} is not available: scripts make no HTTP requests`,
  cure: 'use fetch() in a function of the module of --routes, and call that here',
})

const locates: Kind = (call) => ({
  what: `${call} is not available: hepcapd has no database of places`,
  cure: 'look addresses up in a function of the module of --routes, or where the tables are read',
})

const asksCaches: Kind = (call) => ({
  what: `${call} is not available: the cache is a map in this process`,
  cure: 'use cache_store(), cache_fetch(), cache_add() and cache_remove() with the system "local"',
})

const flags: Kind = (call) => ({
  what: `${call} is not available: messages have no flags`,
  cure: 'use a variable: $var(name) = 1',
})

const raisesEvents: Kind = (call) => ({
  what: `${call} is not available: hepcapd raises no events`,
  cure: 'count with update_stat(), which /metrics shows, or write a line with xlog()',
})

const avps: Kind = (call) => ({
  what: `${call} is not available`,
  cure: 'assign to $avp(name) or $var(name)',
})

const KINDS: readonly (readonly [Kind, string])[] = [
  [
    transmits,
    `forward send t_relay t_reply t_reply_with_body t_newtran t_new_request t_inject_branches t_cancel_branch
    t_uac_dlg sl_send_reply sl_reply_error send_reply stateless_reply send_tcp serial_branches next_branches
    t_anycast_replicate t_write_req t_write_unix dlg_bye b2b_init_request b2b_bridge m_store m_dump pua_update_contact
    ua_session_reply register_to replicate t_replicate send_files_request sip_trace_reply www_challenge
    proxy_challenge handle_subscribe handle_publish isupport_reply resume_reply`,
  ],
  [
    changes,
    `append_hf insert_hf append_to_reply remove_hf remove_hf_re remove_hf_glob append_time append_urihf subst
    subst_uri subst_user subst_body subst_hf replace replace_all replace_body replace_body_all add_body_part
    remove_body_part codec_delete codec_move_up codec_move_down codec_delete_except_re stream_delete
    rewriteuri rewritehost rewritehostport rewriteport rewriteuser rewriteuserpass seturi sethost sethostport setport
    setuser setuserpass prefix strip strip_tail append_branch remove_branch setdsturi resetdsturi set_advertised_address
    set_advertised_port force_send_socket record_route record_route_preset add_rr_param add_path add_path_received
    fix_nated_contact fix_nated_sdp fix_nated_register fix_contact add_rcv_param force_rport add_local_rport
    uac_replace_from uac_replace_to uac_restore_from uac_restore_to uac_auth topology_hiding topology_hiding_match
    compact_headers sip_validate_fix compress mc_compress mc_decompress engage_rtp_proxy rtpproxy_offer rtpproxy_answer
    rtpproxy_engage rtpengine_offer rtpengine_answer rtpengine_manage rtpengine_delete rtpproxy_unforce unforce_rtp_proxy`,
  ],
  [
    handles,
    `loose_route t_check_trans t_check_status t_on_failure t_on_reply t_on_branch t_on_drop t_flush_flags t_local_replied
    t_was_cancelled t_wait_for_new_branches t_wait_no_more_branches mf_process_maxfwd_header is_maxfwd_lt save lookup
    registered is_registered remove add_sock_hdr create_dialog validate_dialog fix_route_dialog match_dialog
    set_dlg_profile get_profile_size is_in_profile www_authorize proxy_authorize consume_credentials db_does_uri_exist
    ds_select_dst ds_select_domain ds_next_dst ds_next_domain ds_is_in_list lb_start lb_next load_balance do_routing
    use_next_gw route_to_carrier drouting nat_uac_test client_nat_test nat_keepalive enable_rtp_proxy acc_log_request
    acc_db_request acc_evi_request do_accounting drop_accounting sip_trace trace force_tcp_alias set_reply_route`,
  ],
  [
    asksDatabases,
    `avp_db_query avp_db_load avp_db_store avp_db_delete sql_query sql_query_one sql_select sql_select_one sql_update
    sql_insert sql_delete sql_replace sql_avp_load sql_avp_store sql_avp_delete sql_cached_fetch check_address
    check_source_address get_source_group allow_trusted dp_translate db_check_to db_check_from`,
  ],
  [
    runsPrograms,
    'exec exec_avp exec_dset exec_getenv exec_msg perl_exec perl_exec_simple python_exec lua_exec lua_meta',
  ],
  [
    asksServers,
    'rest_get rest_post rest_put rest_append_hf rest_init_client_tls rest_delete ldap_search ldap_result radius_send_auth radius_send_acct',
  ],
  [locates, 'mmg_lookup geoip_lookup geoip2_match'],
  [asksCaches, 'cache_raw_query cache_remove_chunk cache_fetch_chunk cache_store_chunk'],
  [
    flags,
    'setflag resetflag isflagset setbflag resetbflag isbflagset set_gflag reset_gflag is_gflag setsflag resetsflag issflagset',
  ],
  [
    raisesEvents,
    'raise_event subscribe_event unsubscribe_event rabbitmq_publish kafka_publish event_publish',
  ],
  [
    avps,
    'avp_copy avp_delete avp_pushto avp_subst avp_op avp_print avp_check avp_insert avp_shuffle pv_set_count setdebug',
  ],
]

const BY_NAME: ReadonlyMap<string, Kind> = new Map(
  KINDS.flatMap(([kind, names]) => names.split(/\s+/).map((name) => [name, kind] as const)),
)

/** What to say of a function that OpenSIPS has and hepcapd has not; undefined for a name that neither knows. */
export function unavailable(name: string): Unavailable | undefined {
  return BY_NAME.get(name)?.(`${name}()`)
}
