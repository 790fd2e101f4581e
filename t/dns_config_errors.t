#!/usr/bin/perl

# Tests for nginx -t: each error names directive, value and what is allowed.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/);

# a file of servers over IPv6

$t->write_file('six', "nameserver ::1\n");

my $up = 'dns_upstream u { server 127.0.0.1; }';
my $listen = 'listen 127.0.0.1:%%PORT_8053%% udp;';

# is dns_dnstap in this build?

my (undef, $said) = $t->test_config(<<"EOF");
%%TEST_GLOBALS%%
events { }
stream { server { $listen dns_forward . 127.0.0.1; dns_dnstap unix:/t; } }
EOF

my $tap = $said !~ /is not in this build/;

# what stands in stream {}, what is said

my @cases = (

# dns_dnstap

$tap ? (
(map { [ "server { $listen dns_forward . 127.0.0.1; dns_dnstap $_->[0]; }",
         $_->[1] ] }
    [ '/tap.sock', qr!"dns_dnstap": "/tap.sock" is neither "unix:PATH" nor "tcp! ],
    (map { [ $_, qr/"dns_dnstap": "\Q$_\E" is no address with a port, as "tcp:1/ ] }
     'tcp:', 'tcp:127.0.0.1', 'tcp:host:6000', 'tcp:127.0.0.1:0', 'tcp:[::1]'),
    (map { [ $_, qr/the path in "\Q$_\E" must begin with "\/" and may have \d+ oc/ ] }
     'unix:', 'unix:tap', 'unix:/' . 'x' x 107),
    (map { [ "unix:/t $_", qr/"\Q$_\E" must be some of client_query, client_resp/ ] }
     'types=', 'types=client_query,', 'types=client_query,client_query',
     'types=resolver_query', 'types=client_query,,client_response'),
    (map { [ "unix:/t $_", qr/"\Q$_\E" must be a number from 1 to 1000000 in/ ] }
     'sample=0', 'sample=', 'sample=x', 'sample=1000001', 'sample=-1'),
    [ 'unix:/t sample=1 sample=2', qr/"sample=2" after "sample=1": a parameter is given once/ ],
    [ 'unix:/t types=client_query types=client_response', qr/": a parameter is given once/ ],
    [ 'unix:/t identity=a identity=b', qr/"identity=b" after "identity=a": a parameter is/ ],
    (map { [ "unix:/t $_", qr/"\Q$_\E" is made at start, where there are no va/ ] }
     'identity=$remote_addr', 'version=a$dns_qname', 'identity=$'),
    [ 'unix:/t version=' . 'x' x 256, qr/is longer than 255 octets/ ],
    [ 'unix:/t foo=1', qr/"foo=1" is no parameter, it may have "types=", "ident/ ],
    [ 'unix:/t; dns_dnstap unix:/u', qr/"dns_dnstap" directive is duplicate/ ]),
[ "$up dns_dnstap unix:/t;", qr/"dns_dnstap" directive is not allowed here/ ],
) : [ "server { $listen dns_forward . 127.0.0.1; dns_dnstap unix:/t; }",
      qr/"dns_dnstap" directive is not in this build of the module: libfstrm, / ],

# dns_limit

(map { [ "dns_limit_zone $_;",
         qr/"dns_limit_zone": invalid parameter "\S+", it must be "zone=NAME:/ ] }
 'client zone=a:1k rate=1r/s', 'client zone=a:64k rate=0r/s',
 'client zone=a:64k rate=1r/h', 'client zone=a:64k rate=9999999r/s',
 'client zone=a:64k rate=1r/s v4=33', 'client zone=a:64k rate=1r/s v6=129',
 'client zone=a:64k rate=1r/s foo'),
[ 'dns_limit_zone client zone=a:64k;', qr/"dns_limit_zone": there is no "rate="/ ],
[ 'dns_limit_zone client rate=1r/s;', qr/"dns_limit_zone": there is no "zone=/ ],
[ 'dns_limit_zone foo zone=a:64k rate=1r/s;',
  qr/"dns_limit_zone": invalid key "foo", it must be "client" or have a var/ ],
(map { [ "dns_limit_zone \$remote_addr zone=a:64k rate=1r/s $_;",
         qr/"dns_limit_zone": "$_" is for the key "client" only, the values of / ]
} 'v4=24', 'v6=56'),
(map { [ "dns_limit $_;",
         qr/"dns_limit": invalid parameter "\S+", it must be "zone=NAME", / ] }
 'zone=a burst=-1', 'zone=a burst=9999999', 'zone=a slip=101', 'zone=a foo'),
(map { [ $_, qr/"dns_limit\w*": "\S+" after "\S+": a parameter is given once/ ]
 } 'dns_limit_zone client zone=a:64k rate=1r/s rate=2r/s;',
   'dns_limit zone=a zone=b;', 'dns_limit zone=a misses misses;'),
[ 'dns_next_upstream error timeout error;',
  qr/"dns_next_upstream": duplicate value "error"/ ],
[ 'dns_hosts /etc/hosts block block=nodata;',
  qr/"dns_hosts": "block=nodata" after another "block": a parameter is given/ ],
(map { [ "dns_limit zone=a; dns_limit zone=b; dns_limit zone=a misses; $_;",
         qr/"dns_limit": duplicate "zone=[ab]", each zone can be named once, and/ ]
} 'dns_limit zone=a burst=2', 'dns_limit zone=b', 'dns_limit misses zone=a'),
[ 'dns_limit burst=1;', qr/"dns_limit": there is no "zone=NAME"/ ],
[ 'server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . 127.0.0.1;
   dns_limit zone=none; }',
  qr/"dns_limit": "none" is not the name of a "dns_limit_zone", in \S+:\d+/ ],
[ 'dns_limit_zone client zone=a:64k rate=1r/m;
   server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . 127.0.0.1;
   dns_limit zone=a burst=100000; }',
  qr/"dns_limit": "burst=100000" is too much for the rate of "a", it must be / ],

# dns_upstream

[ 'dns_upstream u { }', qr/no "server" in dns_upstream "u"/ ],
[ "$up $up", qr/duplicate dns_upstream "u"/ ],
[ 'dns_upstream u { server 127.0.0.1 backup; }',
  qr/no "server" without "backup" in dns_upstream "u"/ ],
(map { [ "dns_upstream u { server 127.0.0.1; hedge $_; }",
         qr/"hedge": invalid value "$_", it must be "auto", "off" or a time / ] }
 qw/ 0 -1 x 2h on /),
[ 'dns_upstream u { server 127.0.0.1; hedge auto; hedge off; }',
  qr/"hedge" directive is duplicate in dns_upstream "u"/ ],
(map { [ "dns_upstream u { server 127.0.0.1; race $_; }",
         qr/"race": invalid value "$_", it must be a number from 1 to 8/ ] }
 qw/ 0 9 x -1 /),
(map { [ "dns_upstream u { server 127.0.0.1; race 2 $_; }",
         qr/"race": invalid parameter "\S+", it must be "positive" or "wait="/ ]
 } 'x', 'positive positive', 'wait=1s wait=1s'),
(map { [ "dns_upstream u { server 127.0.0.1; race 2 positive wait=$_; }",
         qr/"race": invalid parameter "wait=$_", "wait" must be a time from / ]
 } qw/ 0 x 2h /),
[ 'dns_upstream u { server 127.0.0.1; race 2 wait=1s; }',
  qr/"race": "wait=" needs "positive"/ ],
[ 'dns_upstream u { server 127.0.0.1; race 1; race 2; }',
  qr/"race" directive is duplicate in dns_upstream "u"/ ],
[ 'dns_upstream u { foo; }',
  qr/unknown directive "foo" in dns_upstream "u"/ ],
[ 'dns_upstream u { server 127.0.0.1; sequential; random; }',
  qr/a second method, "random", in dns_upstream "u" that has "sequential"/ ],
[ 'dns_upstream u { sequential x; }',
  qr/invalid number of arguments in "sequential"/ ],
[ 'dns_upstream u { random three; }',
  qr/"random": invalid value "three", it must be "two"/ ],
[ 'dns_upstream u { random two x; }',
  qr/"random two": invalid value "x", it must be "least_conn" or "least_time"/
],
[ 'dns_upstream u { hash $remote_addr x; }',
  qr/"hash": invalid value "x", it must be "consistent"/ ],
[ 'dns_upstream u { hash $nonexistent; server 127.0.0.1; }',
  qr/unknown "nonexistent" variable/ ],
[ 'dns_upstream u { all_down x; }',
  qr/"all_down": invalid value "x", it must be "try", "servfail" or "refuse"/ ],
[ 'dns_upstream u { all_down try; all_down try; }',
  qr/"all_down" directive is duplicate in dns_upstream "u" in \S+:\d+/ ],
[ 'dns_upstream u { health_check; health_check off; }',
  qr/"health_check" directive is duplicate in dns_upstream "u" in/ ],
[ 'dns_upstream 127.0.0.1 { server 127.0.0.1; }',
  qr/"dns_upstream": invalid name "127.0.0.1": it is an address/ ],
[ 'dns_upstream [::1]:53 { server 127.0.0.1; }',
  qr/"dns_upstream": invalid name "\[::1\]:53": it is an address/ ],
[ 'dns_upstream unix:/x { server 127.0.0.1; }',
  qr/"dns_upstream": invalid name "unix:\/x": it is an address/ ],
[ 'dns_upstream $u { server 127.0.0.1; }',
  qr/"dns_upstream": invalid name "\$u": it begins with "\$"/ ],
[ 'dns_upstream u { hash x$; server 127.0.0.1; }',
  qr/"hash": invalid value "x\$", variables in it must be "\$name" or/ ],
[ 'dns_limit_zone $remote_addr${ zone=l:64k rate=1r/s;',
  qr/"dns_limit_zone": invalid value "\$remote_addr\$\{", variables in it/ ],
[ 'server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . u$; }',
  qr/"dns_forward": invalid value "u\$", variables in it must be/ ],
[ 'dns_upstream u { hash dns_qname; server 127.0.0.1; }',
  qr/"hash": invalid key "dns_qname", it must have a variable/ ],
(map { my ($value, $said) = @$_;
       [ "dns_upstream u { health_check interval=2s $value; }",
         qr/"health_check": invalid parameter "\Q$value\E", it must be $said/ ]
} [ 'interval=99ms', 'a time from 100ms to 1h' ],
  [ 'interval=2h', 'a time from 100ms to 1h' ],
  [ 'timeout=x', 'a time from 10ms to 1m' ],
  [ 'fails=0', 'a number from 1 to 1000' ],
  [ 'passes=x', 'a number from 1 to 1000' ],
  [ 'jitter=51%', 'a percentage from 0% to 50%' ],
  [ 'jitter=%', 'a percentage from 0% to 50%' ],
  [ 'type=FOO', 'a type of records' ],
  [ 'type=AXFR', 'a type of records' ],
  (map { [ "type=$_", 'a type of records' ] } 'TYPE', 'TYPE0', 'TYPE-1',
   'TYPE2x', 'TYPE65536', 'TYPE65538', 'TYPE99999999999'),
  [ 'expect=FOO', 'a list of rcodes' ],
  [ 'expect=NOERROR,', 'a list of rcodes' ],
  [ 'query=a..b', 'a domain name' ],
  [ 'query=$hostname', 'a domain name: variables' ]),
[ 'dns_upstream u { health_check off interval=1s; }',
  qr/"health_check": unknown parameter "off", it must be "interval="/ ],
[ 'dns_upstream u { zone z 1k; }',
  qr/"zone": invalid size "1k" of zone "z", it must be at least 32768/ ],
[ "dns_upstream u { server 127.0.0.1; zone z 1g; }",
  qr/"zone": invalid size "1g" of zone "z", .* in octets or with "k" or "m"/ ],
[ 'dns_upstream u { zone z 32k; server 127.0.0.1; }',
  qr/zone "z" is too small for dns_upstream "u" with 1 server, it must be at/ ],
[ 'dns_upstream u { zone z 1m; zone z 1m; }',
  qr/"zone" directive is duplicate in dns_upstream "u" in/ ],
[ 'dns_upstream a { zone z 1m; server 127.0.0.1; }
   dns_upstream b { zone z 1m; server 127.0.0.1; }',
  qr/zone "z" of "dns_upstream" is already used by another "dns_upstream"/ ],

# server

[ 'dns_upstream u { server [::1; }', qr/"server": invalid address "\[::1"/ ],
[ 'dns_upstream u { server 127.0.0.1:99999; }',
  qr/"server": invalid address "127.0.0.1:99999".*invalid port/ ],
[ 'dns_upstream u { server name.invalid; }',
  qr/"server": invalid address "name.invalid".*host not found/ ],
[ 'dns_upstream u { server 127.0.0.1; server 127.0.0.1:53; }',
  qr/"server": duplicate address "127.0.0.1:53" in dns_upstream "u"/ ],
[ 'dns_upstream u { server tcp://127.0.0.1; server tcp://127.0.0.1; }',
  qr/"server": duplicate address "127.0.0.1:53" in dns_upstream "u"/ ],
[ 'dns_upstream u { server tcp://unix:/tmp/x; }',
  qr/"server": "tcp:\/\/" in "tcp:\/\/unix:\/tmp\/x" must be left out/ ],
[ 'dns_upstream u { server unix:/tmp/x; server unix:/tmp/x; }',
  qr/"server": duplicate address "unix:\/tmp\/x"/ ],
[ 'dns_upstream u { server 127.0.0.1 weight=0; }',
  qr/invalid parameter "weight=0", "weight" must be a number from 1 to 65535/
],
[ 'dns_upstream u { server 127.0.0.1 max_fails=x; }',
  qr/invalid parameter "max_fails=x", "max_fails" must be a number from 0/ ],
[ 'dns_upstream u { server 127.0.0.1 max_outstanding=-1; }',
  qr/"max_outstanding" must be a number from 0 to 1048576/ ],
[ 'dns_upstream u { server 127.0.0.1 fail_timeout=x; }',
  qr/invalid parameter "fail_timeout=x", "fail_timeout" must be a time from/
],
[ 'dns_upstream u { server 127.0.0.1 slow_start=x; }',
  qr/invalid parameter "slow_start=x", "slow_start" must be a time from 0 t/ ],
[ 'dns_upstream u { server 127.0.0.1 service=dns resolve; }',
  qr/"server": "service=" is for a host name, "127.0.0.1" is an address/ ],
[ 'dns_upstream u { server ns.test service=dns; }',
  qr/"server": "service=" of "ns.test" needs "resolve"/ ],
[ 'dns_upstream u { server ns.test:53 service=dns resolve; }',
  qr/"server": "ns.test:53" must have no port with "service="/ ],
(map { [ "dns_upstream u { server ns.test resolve service=$_; }",
         qr/"server": invalid parameter "service=\Q$_\E", "service" must be/ ]
} '', '.dns', '_dns._udp.', 'x' x 64),
[ 'dns_upstream u { server ns.test resolve; server NS.test:53 resolve; }',
  qr/"server": duplicate "NS.test:53" in dns_upstream "u"/ ],
[ 'dns_upstream u { server ns.test resolve; }',
  qr/no "resolver" for "resolve" of server "ns.test" in dns_upstream "u" in/ ],
[ 'dns_upstream u { server ns.test resolve backup; resolver 127.0.0.1; }',
  qr/no "server" without "backup" in dns_upstream "u"/ ],
[ 'dns_upstream u { resolver 127.0.0.1; resolver 127.0.0.1; }',
  qr/"resolver" directive is duplicate in dns_upstream "u"/ ],
[ 'dns_upstream u { resolver 127.0.0.1 foo=1; }',
  qr/(?:host not found in resolver|invalid).*foo=1/ ],
[ 'dns_upstream u { resolver_timeout x; }',
  qr/"resolver_timeout": invalid value "x", it must be a time from 1ms to 1h/ ],
[ 'dns_upstream u { resolv_conf /no/such/file; }',
  qr{"resolv_conf": "/no/such/file" can't be read} ],
[ 'dns_upstream u { resolv_conf /etc/passwd; }',
  qr{"resolv_conf": there is no "nameserver" in "/etc/passwd" that can be} ],
(map { [ "dns_upstream u { $_ }",
         qr/there is no "nameserver" in ".*six" that can be asked, in dns_upst/ ]
} 'bind 127.0.0.1; resolv_conf six;', 'resolv_conf six; bind 127.0.0.1;'),
(map { my ($name, $said) = @$_;
       [ "dns_upstream u { resolver 127.0.0.1; server $name resolve; }",
         qr/"server": .* host name(?: instead|: .*$said)/ ]
} [ 'a..test', 'a label of it is empty' ],
  [ '.test', 'a label of it is empty' ],
  [ 'a' x 64 . '.test', 'longer than 63' ],
  [ join('.', ('a' x 60) x 5), 'longer than 253' ],
  [ '"a b.test"', 'a character' ],
  [ '127.0.0.300', 'it is no name' ],
  [ '127.0.0.1', '' ],
  [ 'unix:/tmp/x', '' ]),
[ 'dns_upstream u { server 127.0.0.1 foo=1; }',
  qr/unknown parameter "foo=1", it must be "weight=", "max_fails="/ ],
[ join(' ', 'dns_upstream u {',
       (map { "server 127.0.0.$_ weight=" . (65500 + $_) . ';' } 1 .. 17),
       '}'),
  qr/the weights in dns_upstream "u" have a sum over 1000000/ ],

(map { my ($addr, $said) = @$_;
       [ "dns_upstream u { server $addr; }",
         qr/"server": (?:invalid address|no server can be at) .*$said/ ],
       [ "server { $listen dns_forward . $addr; }",
         qr/"dns_forward": .*$said.*, in \S+:\d+/ ]
} [ '2001:db8::1', 'an IPv6 address must be in brackets' ],
  [ '[fe80::1]:53', 'link-local address without a device' ],
  [ '[ff02::fb]', 'a multicast address' ],
  [ '224.0.0.251:5353', 'a multicast address' ],
  [ '/etc/resolv.conf', 'a file is for "resolv_conf"' ],
  [ '127.0.0.1@853', 'a port stands after ":"' ],
  [ '127.0.0.1#dns.test', 'a port stands after ":"' ],
  [ 'tls://127.0.0.1@853#dns.test', 'a port stands after ":"' ],
  [ '2001:db8::1@853', 'a port stands after ":"' ],
  [ 'https://dns.test/', 'there is no scheme but' ],
  [ 'fe80%eth0', 'a device is for a link-local address in brackets' ]),
(map { [ "dns_upstream u { server 127.0.0.1 $_; }",
         qr/"server": "\w+=?\d*" after "\w+=?\d*": a parameter is given once/ ]
} 'weight=2 weight=3', 'backup backup', 'max_fails=1 down max_fails=1'),
[ 'dns_upstream u { health_check interval=1s tcp interval=2s; }',
  qr/"health_check": "interval=2s" after "interval=1s": a parameter is given/ ],
[ 'dns_cache_stale 1h ttl=1 ttl=2;',
  qr/"dns_cache_stale": "ttl=2" after "ttl=1": a parameter is given once/ ],

# dns_forward

(map { my ($zone, $said) = @$_;
       [ "server { $listen dns_forward $zone 127.0.0.1; }",
         qr/"dns_forward": invalid zone "\Q$zone\E", it .*: $said.* in \S+:/ ]
} [ '*.example.com', 'a zone has all names below it' ],
  [ '10.0.0.0/8', 'an address or network is no zone' ],
  [ '192.0.2.1', 'an address or network is no zone' ],
  [ '2001:db8::/32', 'an address or network is no zone' ],
  [ "b\xc3\xbccher.example", 'it is not ASCII' ],
  [ '$dns_qname', 'variables are not supported' ],
  [ 'a.test:53', 'it has a ":"' ]),
(map { my ($target, $said) = @$_;
       [ "server { $listen dns_forward . $target; }",
         qr/"dns_forward": "\Q$target\E" is not the name .*: $said.*, in \S+:/ ]
} [ 'https://127.0.0.1', 'there is no scheme but "tcp://" and "tls://"' ],
  [ 'tls://dns.example.com', 'a host name works in a "server"' ],
  [ 'tcp://tls://127.0.0.1', 'there is no scheme but' ],
  [ 'dns.example.com', 'a host name works in a "server"' ]),
[ "server { $listen dns_forward . \$nonexistent; }",
  qr/unknown "nonexistent" variable/ ],
[ "server { $listen dns_forward . nowhere; }",
  qr/"nowhere" is not the name of a "dns_upstream", nor an IP address/ ],
[ "server { $listen dns_forward a..b 127.0.0.1; }",
  qr/"dns_forward": invalid zone "a..b", it must be a domain name/ ],
[ "server { $listen dns_forward " . 'x' x 64 . ' 127.0.0.1; }',
  qr/"dns_forward": invalid zone "x+", it must be a domain name/ ],
[ "server { $listen dns_forward a.b 127.0.0.1; dns_forward A.B. 127.0.0.2; }",
  qr/"dns_forward": duplicate zone "A.B." in .*:\d+/ ],
[ "server { $listen dns_udp_max_size 512; }",
  qr/no "dns_forward" for server in .*:\d+/ ],
[ "server { $listen dns_forward . 127.0.0.1; proxy_pass 127.0.0.1:53; }",
  qr/"dns_\*" directive and "proxy_pass", "return" or the like exclude/ ],
[ "server { $listen proxy_pass 127.0.0.1:53; dns_forward . 127.0.0.1; }",
  qr/"dns_\*" directive and "proxy_pass", "return" or the like exclude/ ],

[ "server { $listen dns_cookie secret=; dns_forward . 127.0.0.1; }",
  qr/"dns_cookie": invalid value "secret=", it must be "off", "on" or "s/ ],
[ "server { $listen dns_cookie maybe; dns_forward . 127.0.0.1; }",
  qr/"dns_cookie": invalid value "maybe", it must be "off", "on" or "s/ ],
[ "server { $listen dns_cookie secret=gone; dns_forward . 127.0.0.1; }",
  qr/"dns_cookie": invalid file ".*gone", .*: open\(\) failed \(2: / ],
[ "server { $listen dns_cookie secret=/etc/passwd; dns_forward . 127.0.0.1; }",
  qr/"dns_cookie": invalid file ".*", .*: not 32 hexadecimal digits in line 1 in/ ],
[ "server { $listen dns_udp_max_size 800 unproven=801; }",
  qr/invalid parameter "unproven=801", .* size from 512 to "800"/ ],
[ "server { $listen dns_udp_max_size 800 unproved=600; }",
  qr/invalid parameter "unproved=600", it must be "unproven="/ ],

# values

(map { my ($name, $bad, $allowed) = @$_; map {
    [ "server { $listen dns_forward . 127.0.0.1; $name $_; }",
      qr/"$name": invalid value "\Q$_\E", it must be $allowed/ ]
} @$bad }
    [ dns_udp_max_size => [ 511, 4097, 'x' ], 'a size from 512 to 4096' ],
    [ dns_upstream_timeout => [ 0, 'x', '2h' ], 'a time from 1ms to 1h' ],
    [ dns_next_upstream_timeout => [ 0 ], 'a time from 1ms to 1h' ],
    [ dns_next_upstream_tries => [ 9, -1 ],
      'a number from 0 \(all servers\) to 8' ],
    [ dns_max_queries => [ 0, 1048577 ], 'a number from 1 to 1048576' ],
    [ dns_next_upstream => [ 'x', 'nxdomain' ],
      '"error", "timeout", "servfail", "refused" or "off"' ],
    [ dns_next_upstream_budget => [ 0, 'x', '%', '1001%' ],
      'a percentage from 1% to 1000%, or "off"' ]),

[ "server { $listen dns_forward . 127.0.0.1; dns_next_upstream error off; }",
  qr/"dns_next_upstream": "off" allows no other value/ ],
[ "server { $listen dns_forward . 127.0.0.1; dns_next_upstream off;
   dns_next_upstream error; }", qr/"dns_next_upstream" directive is dupl/ ],
[ "server { $listen dns_forward . 127.0.0.1; dns_max_queries 1;
   dns_max_queries 2; }", qr/"dns_max_queries" directive is duplicate/ ],

# the cache

(map { my ($name, $bad, $said) = @$_; map {
    [ "dns_cache_zone zone=c:64k; server { $listen dns_forward . 127.0.0.1;
       dns_cache c; $name $_; }", $said ]
} @$bad }
    [ dns_cache_min_ttl => [ 'x', '8d' ],
      qr/"dns_cache_min_ttl": invalid value "\w+", it must be a time in sec/ ],
    [ dns_cache_max_ttl => [ '-1' ],
      qr/"dns_cache_max_ttl": invalid value "-1", it must be a time in sec/ ],
    [ dns_cache_servfail_ttl => [ '6m' ],
      qr/"dns_cache_servfail_ttl": invalid value "6m", .* from 0 to 5m/ ],
    [ dns_cache_negative_ttl => [ 'x 1', '1 x' ],
      qr/"dns_cache_negative_ttl": invalid value "x", it must be a time/ ],
    [ dns_cache_negative_ttl => [ '10 5' ],
      qr/"dns_cache_negative_ttl": the minimum "10" is over the maximum "5"/ ],
    [ dns_cache_stale => [ 'x' ],
      qr/"dns_cache_stale": invalid value "x", it must be a time in seconds/ ],
    [ dns_cache_stale => [ '1h answer_after=x', '1h ttl=2h', '1h foo' ],
      qr/"dns_cache_stale": invalid parameter "\S+", it must be "answer_aft/ ],
    [ dns_cache_prefetch => [ 0, 91, 'x', '10 hits=4', '10 foo',
                              'off hits=1' ],
      qr/"dns_cache_prefetch": invalid value "\S+", it must be "off", or/ ],
    [ dns_cache_nxdomain_cut => [ 'x' ],
      qr/"dns_cache_nxdomain_cut": invalid value "x", it must be "on" or "off"/ ]),

(map { my ($name) = /^(\w+)/;
    [ "server { $listen dns_forward . 127.0.0.1; $_; }",
      qr/"$name" is of no use: the server has no "dns_cache"/ ]
} 'dns_cache_min_ttl 1', 'dns_cache_max_ttl 1', 'dns_cache_servfail_ttl 1',
  'dns_cache_negative_ttl 1 2', 'dns_cache_stale 1', 'dns_cache_prefetch 1',
  'dns_cache_nxdomain_cut on'),

(map { [ "dns_cache_zone $_;",
         qr/"dns_cache_zone": invalid value "\Q$_\E", it must be "zone=NAME:/ ]
} 'c', 'zone=c', 'zone=:1m', 'zone=c:x', 'zone=c:63k', 'zone=c:65g'),

[ 'dns_cache_zone zone=c:1m; dns_cache_zone zone=c:1m;',
  qr/zone "c" of "dns_cache_zone" is already used by another "dns_cache_zo/ ],
[ "server { $listen dns_forward . 127.0.0.1; dns_cache nowhere; }",
  qr/"dns_cache": "nowhere" is not the name of a "dns_cache_zone".*:\d+/ ],
[ "dns_cache off; dns_cache off;", qr/"dns_cache" directive is duplicate/ ],

[ "dns_cache_zone zone=c:1m; server { $listen dns_forward . 127.0.0.1;
   dns_cache c; dns_cache_min_ttl 1h; dns_cache_max_ttl 1m; }",
  qr/"dns_cache_min_ttl" of 3600 s is over "dns_cache_max_ttl" of 60 s .*:\d+/ ],

# dns_zone

(map { my ($block, $said) = @$_;
       [ "dns_cache_zone zone=c:1m; server { $listen
          dns_zone a.test { $block } }", $said ]
} [ '', qr/no "dns_pass" for dns_zone in \S+:\d+, nor "dns_return"/ ],
  [ 'dns_pass 127.0.0.1; dns_pass 127.0.0.2;',
    qr/"dns_pass" directive is duplicate in \S+:\d+/ ],
  [ 'dns_return drop; dns_return drop;',
    qr/"dns_return" directive is duplicate in \S+:\d+/ ],
  [ 'dns_return drop; dns_pass 127.0.0.1;',
    qr/"dns_pass" directive and "dns_return" exclude each other in/ ],
  [ 'dns_pass 127.0.0.1; dns_return drop;',
    qr/"dns_return" directive and "dns_pass" exclude each other in/ ],
  [ 'dns_return formerr;',
    qr/"dns_return": invalid value "formerr", it must be "nxdomain", "noda/ ],
  [ 'dns_pass nowhere;',
    qr/"dns_pass": "nowhere" is not the name of a "dns_upstream".* in \S+:\d/ ],
  [ "dns_pass '';", qr/"dns_pass": "" is not the name of a "dns_upstream"/ ],
  [ 'dns_pass 127.0.0.1 foo=1;',
    qr/"dns_pass": unknown parameter "foo=1", it must be "fallback=" and/ ],
  [ 'dns_pass 127.0.0.1 on=down;',
    qr/"dns_pass": "on=down" must stand after a "fallback="/ ],
  [ 'dns_pass 127.0.0.1 fallback=nowhere;',
    qr/"dns_pass": "nowhere" is not the name of a "dns_upstream"/ ],
  [ 'dns_pass 127.0.0.1 fallback=$dns_qname;',
    qr/"dns_pass": invalid parameter "fallback=\$dns_qname", a fallback must/ ],
  [ 'dns_pass 127.0.0.1 fallback=127.0.0.1;',
    qr/"dns_pass": "127\.0\.0\.1:53" is asked already before that "fallback=/ ],
  [ 'dns_pass 127.0.0.1 fallback=127.0.0.2 on=down on=error;',
    qr/"dns_pass": duplicate "on=error" of "fallback=127\.0\.0\.2"/ ],
  (map { [ "dns_pass 127.0.0.1 fallback=127.0.0.2 $_;",
           qr/"dns_pass": invalid parameter "$_", it must be "on=" and some/ ]
  } 'on=', 'on=nope', 'on=down,', 'on=down,down', 'on=,down'),
  [ 'dns_pass 127.0.0.1 fallback=127.0.0.2 fallback=127.0.0.3
     fallback=127.0.0.4 fallback=127.0.0.5;',
    qr/"dns_pass": too many fallbacks at "fallback=127\.0\.0\.5", .* to 3/ ],
  [ 'dns_pass 127.0.0.1 fallback=u; } } dns_upstream u { hash $dns_qname;
     server 127.0.0.2;', qr/"dns_pass": dns_upstream "u" has "hash", which a/ ],
  [ 'dns_pass 224.0.0.1;', qr/"dns_pass": no server can be at "224\.0\.0/ ],
  [ 'dns_pass 127.0.0.1; dns_pipeline 5;',
    qr/"dns_pipeline" directive is not allowed here in \S+:\d+/ ],
  [ 'dns_pass 127.0.0.1; proxy_timeout 5;',
    qr/"proxy_timeout" directive is not allowed here in \S+:\d+/ ],
  [ 'dns_pass 127.0.0.1; dns_zone b.test { }',
    qr/"dns_zone" directive is not allowed here in \S+:\d+/ ],
  [ 'dns_pass 127.0.0.1; foo;', qr/unknown directive "foo" in \S+:\d+/ ],
  [ 'dns_pass 127.0.0.1; dns_upstream_timeout 0;',
    qr/"dns_upstream_timeout": invalid value "0", it must be a time from/ ],
  [ 'dns_pass 127.0.0.1; dns_cache nope;',
    qr/"dns_cache": "nope" is not the name of a "dns_cache_zone"/ ],
  [ 'dns_pass 127.0.0.1; dns_cache_max_ttl 1s;',
    qr/"dns_cache_max_ttl" is of no use: the dns_zone has no "dns_cache"/ ],
  [ 'dns_pass 127.0.0.1; dns_cache c; dns_cache_max_ttl 5s;
     dns_cache_min_ttl 9s;',
    qr/_ttl" of 9 s is over "dns_cache_max_ttl" of 5 s in dns_zone in \S+:\d/ ],
  [ 'dns_pass 127.0.0.1; } dns_forward A.test. 127.0.0.1; dns_zone B {
     dns_pass 127.0.0.1;', qr/"dns_forward": duplicate zone "A\.test\." in/ ],
  [ 'dns_pass 127.0.0.1; } dns_zone x.test A.test. { dns_return drop;',
    qr/"dns_zone": duplicate zone "A\.test\." in \S+:\d+/ ]),

[ "server { $listen dns_zone a..b { dns_pass 127.0.0.1; } }",
  qr/"dns_zone": invalid zone "a..b", it must be a domain name/ ],
[ 'dns_zone a.b { dns_pass 127.0.0.1; }',
  qr/"dns_zone" directive is not allowed here in \S+:\d+/ ],
[ "server { $listen dns_pass 127.0.0.1; }",
  qr/"dns_pass" directive is not allowed here in \S+:\d+/ ],
[ 'dns_upstream u { include a b; }',
  qr/invalid number of arguments in "include" directive of dns_upstream "u"/ ],
[ 'dns_upstream u { include /nonexistent; }',
  qr/open\(\) "\/nonexistent" failed/ ],

# the proxy

(map { my ($name) = /^(\w+)/;
    [ "server { $listen dns_forward . 127.0.0.1; $_; }",
      qr/"$name" is not supported in a server with "dns_forward" in \S+:\d+/ ]
} 'proxy_bind 127.0.0.1', 'proxy_protocol on', 'proxy_ssl on'),

# listen

[ 'server { listen 127.0.0.1:%%PORT_8053%% ssl; dns_forward . 127.0.0.1; }',
  qr/no "ssl_certificate" is defined/ ],
[ 'server { listen unix:%%TESTDIR%%/s udp; dns_forward . 127.0.0.1; }',
  qr/"unix:" with "udp" is not supported in a server with "dns_forward"/ ],
[ 'server { listen 127.0.0.1:%%PORT_8053%% udp proxy_protocol;
   dns_forward . 127.0.0.1; }',
  qr/incompatible with "udp"/ ],
[ 'server { listen *:%%PORT_8053%% udp; dns_forward . 127.0.0.1; }
   server { listen 127.0.0.1:%%PORT_8053%% udp; proxy_pass 127.0.0.1:9; }',
  qr/would share a socket, add "bind" to the one that is not a wildcard/ ],
[ 'server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . 127.0.0.1; }
   server { listen *:%%PORT_8053%% udp; proxy_pass 127.0.0.1:9; }',
  qr/would share a socket, add "bind" to the one that is not a wildcard/ ],

# EDNS, PROXY

[ 'dns_udp_proxy_protocol on;',
  qr/"dns_udp_proxy_protocol": invalid value "on", it must be "off", or/ ],
[ 'dns_udp_proxy_protocol 127.0.0.1 off;',
  qr/"dns_udp_proxy_protocol": invalid value "off", it must be/ ],
[ 'dns_udp_proxy_protocol off; dns_udp_proxy_protocol off;',
  qr/"dns_udp_proxy_protocol" directive is duplicate/ ],
[ "limit_conn_zone \$remote_addr zone=c:1m;
   server { $listen dns_forward . 127.0.0.1; limit_conn c 1;
            dns_udp_proxy_protocol 127.0.0.1; }",
  qr/"limit_conn" and "dns_udp_proxy_protocol" exclude each other in server/ ],
[ 'dns_nsid $remote_addr;',
  qr/"dns_nsid": invalid value "\$remote_addr", it is made at start, where/ ],
(map { [ "dns_nsid '$_';", qr/"dns_nsid": invalid value "\Q$_\E", it is made at/ ]
} 'a$pid', '$hostnames', '${hostname', '$', '$dns_qname-$hostname'),
[ 'dns_local server_id=$remote_addr;',
  qr/"dns_local": invalid value "server_id=\$remote_addr", .*"\$hostname"/ ],
[ 'dns_nsid "";',
  qr/"dns_nsid": invalid value "", it must be a text of 1 to 128 octets/ ],
[ 'dns_nsid 0x;', qr/"dns_nsid": invalid value "0x", it must be a text of 1/ ],
[ 'dns_nsid 0x1;', qr/"dns_nsid": invalid value "0x1", it must be/ ],
[ 'dns_nsid 0xzz;', qr/"dns_nsid": invalid value "0xzz", it must be/ ],
[ 'dns_nsid ' . 'x' x 129 . ';', qr/"dns_nsid": invalid value "x{129}"/ ],
[ 'dns_nsid a; dns_nsid off;', qr/"dns_nsid" directive is duplicate/ ],
[ 'dns_client_subnet on;',
  qr/"dns_client_subnet": invalid value "on", it must be "off", or "forward"/ ],
[ 'dns_client_subnet off v4=24;',
  qr/"dns_client_subnet": invalid value "off", it must be/ ],
[ 'dns_client_subnet add v4=33;',
  qr/"dns_client_subnet": invalid value "v4=33", it must be/ ],
[ 'dns_client_subnet add v6=0;',
  qr/"dns_client_subnet": invalid value "v6=0", it must be/ ],
[ 'dns_client_subnet add v4=8 v4=8;',
  qr/"dns_client_subnet": invalid value "v4=8", it must be/ ],
[ 'dns_client_subnet off; dns_client_subnet off;',
  qr/"dns_client_subnet" directive is duplicate/ ],

# clients over streams

[ 'dns_idle_timeout 0;',
  qr/"dns_idle_timeout": invalid value "0", it must be a time from 1ms to 1h/ ],
[ 'dns_client_timeout x;',
  qr/"dns_client_timeout": invalid value "x", it must be a time from 1ms/ ],
[ 'dns_pipeline 0;',
  qr/"dns_pipeline": invalid value "0", it must be a number from 1 to 65536/ ],
[ 'dns_pipeline 1; dns_pipeline 1;',
  qr/"dns_pipeline" directive is duplicate/ ],

# of other modules

$t->{version} =~ /ssl_preread/ ?
[ "server { $listen dns_forward . 127.0.0.1; ssl_preread on; }",
  qr/"ssl_preread" is not supported in a server with "dns_forward"/ ] : (),

);

for my $case (@cases) {
    my ($stream, $said) = @$case;

    my ($code, $out) = $t->test_config(
        "%%TEST_GLOBALS%%\nevents { }\nstream {\n$stream\n}\n");

    (my $name = $stream) =~ s/\s+/ /g;

    like($code ? $out : "accepted\n$out", $said, substr $name, 0, 60);
}

# what is near to these, and right

for my $stream (
    "$up server { $listen dns_forward . u; dns_forward sub.test [::1]:5353; }",
    "dns_forward . 127.0.0.1; server { $listen dns_max_queries 10; }",
    'server { listen *:%%PORT_8053%% udp; dns_forward . 127.0.0.1; }
     server { listen 127.0.0.1:%%PORT_8053%% udp bind;
              proxy_pass 127.0.0.1:9; }',
    "server { $listen dns_forward . 127.0.0.1; dns_next_upstream_tries 0; }",
    "server { $listen dns_zone . a.test { dns_return drop; } }")
{
    my ($code, $out) = $t->test_config(
        "%%TEST_GLOBALS%%\nevents { }\nstream {\n$stream\n}\n");

    (my $name = $stream) =~ s/\s+/ /g;

    is($code, 0, substr $name, 0, 60) or diag($out);
}
