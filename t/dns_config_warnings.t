#!/usr/bin/perl

# Tests for nginx -t: what works but can't be meant is a warning, with the
# directive, file and line; what is near to it is none.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/);

my $both = 'listen 127.0.0.1:%%PORT_8053%% udp; '
    . 'listen 127.0.0.1:%%PORT_8053%%;';
my $udp = 'listen 127.0.0.1:%%PORT_8053%% udp;';
my $tcp = 'listen 127.0.0.1:%%PORT_8053%%;';
my $to = 'dns_forward . 127.0.0.1;';
my $u = 'dns_upstream u { server 127.0.0.1;';
my $use = "server { $both dns_forward . u; }";

$t->write_file('hosts', "192.0.2.1 a.test\n");

# what stands in stream {}, what is warned of; undef: nothing

my @cases = (

[ "server { $both $to }", undef ],

# what nobody uses

[ "$u } server { $both $to }",
  qr/no "dns_forward" or "dns_pass" uses dns_upstream "u" in \S+:\d+/ ],
[ "$u } $use", undef ],
[ "dns_cache_zone zone=c:1m; server { $both $to }",
  qr/no server with "dns_cache" uses "dns_cache_zone" "c" in \S+:\d+$/m ],
[ "dns_cache_zone zone=c:1m; server { $both $to dns_cache c; }", undef ],
[ "dns_cache_zone zone=c:1m; dns_cache c; server { $both $to }", undef ],

[ "dns_limit_zone client zone=l:64k rate=1r/s; server { $both $to }",
  qr/no server with "dns_limit" uses "dns_limit_zone" "l" in \S+:\d+$/m ],
[ "dns_limit_zone client zone=l:64k rate=1r/s;
   dns_limit_zone client zone=m:64k rate=1r/s; dns_limit zone=l;
   server { $both $to } server { listen 127.0.0.1:%%PORT_8054%%; $to
   dns_limit zone=m; }", undef ],
[ "dns_limit_zone client zone=l:64k rate=1r/s;
   server { $both dns_zone . { dns_pass 127.0.0.1; dns_limit zone=l misses; } }",
  undef ],

[ "$u } server { $both dns_zone . { dns_pass u; } }", undef ],
[ "dns_cache_zone zone=c:1m; server { $both dns_zone . { dns_pass 127.0.0.1;
   dns_cache c; } }", undef ],

# asking several servers

[ "$u hedge 20ms; } $use",
  qr/"hedge" has no effect with one server in dns_upstream "u" in \S+:\d+/ ],
[ "$u server 127.0.0.2; hedge 20ms; } $use", undef ],
[ "$u race 2; } $use",
  qr/"race 2" is more than the servers there are in dns_upstream "u" in / ],
[ "$u server 127.0.0.2; race 2 positive wait=50ms; } $use", undef ],

# variables of the response, where there is none yet

(map { my ($v, $said) = @$_;
       [ "dns_limit_zone $v zone=l:64k rate=1r/s;
          server { $both $to dns_limit zone=l; }",
         $said && qr/"dns_limit_zone": $said/ ] }
 [ '$dns_rcode', qr/"\$dns_rcode" in "\$dns_rcode" has no value yet when it/ ],
 [ '$remote_addr${dns_error}x',
   qr/"\$dns_error" in "\$remote_addr\$\{dns_error\}x" has no value/ ],
 [ '$dns_upstream_addr', qr/"\$dns_upstream_addr" in "/ ],
 [ '$dns_upstream', undef ],
 [ '$dns_qname$dns_zone', undef ]),
[ "$u server 127.0.0.2; hash \$dns_cache_status; } $use",
  qr/"hash": "\$dns_cache_status" in "\$dns_cache_status" has no value yet / ],
[ "$u server 127.0.0.2; hash \$dns_qtype; } $use", undef ],
[ "$u } server { $both dns_forward . \$dns_upstream; }",
  qr/"dns_forward": "\$dns_upstream" in "\$dns_upstream" has no value yet wh/ ],
[ "$u } server { $both dns_zone . { dns_pass \$dns_qtype; } }", undef ],

# times that end before another one

(map { [ "$u server 127.0.0.2; $_->[0] } $use", $_->[1] ] }
 [ 'hedge 2s;', qr/"hedge" of 2000 ms never counts, as .* of 2000 ms .*:\d+/ ],
 [ 'hedge 1900ms;', undef ],
 [ 'hedge off;', undef ],
 [ 'race 2 positive wait=5s;',
   qr/"race": "wait" of 5000 ms never counts, as .* of 5000 ms .* "u" in \S+:/ ],
 [ 'race 2 positive wait=4s;', undef ],
 [ 'race 2 positive;', undef ]),
[ "$u server 127.0.0.2; hedge 5s; } server { $both dns_upstream_timeout 1s;
   dns_forward . u; } server { listen 127.0.0.1:%%PORT_8054%%; dns_forward . u;
   dns_next_upstream_timeout 9s; dns_upstream_timeout 9s; }", undef ],
(map { [ "dns_cache_zone zone=c:1m; dns_cache c; server { $both $to $_->[0] }",
         $_->[1] ] }
 [ 'dns_cache_stale 1h answer_after=5s;',
   qr/"answer_after" of 5000 ms never counts, as .* of 5000 ms .* in server in/ ],
 [ 'dns_cache_stale 1h answer_after=4s;', undef ],
 [ 'dns_cache_stale 1h; dns_next_upstream_timeout 1s;
    dns_upstream_timeout 1s;', undef ]),

# dns_zone

(map { [ "server { $both dns_zone . { dns_pass 127.0.0.1; $_->[0] } }",
         $_->[1] ] }
 [ 'dns_upstream_timeout 9s;',
   qr/"dns_upstream_timeout" of 9000 ms never counts, .* in dns_zone in \S+:/ ],
 [ 'dns_upstream_timeout 1s;', undef ],
 [ 'dns_next_upstream off; dns_next_upstream_tries 2;',
   qr/"dns_next_upstream_tries" has no effect in a dns_zone with "dns_ne/ ]),
[ "server { $both dns_next_upstream off;
   dns_zone . { dns_pass 127.0.0.1; dns_upstream_timeout 1s; } }", undef ],
[ "server { $both dns_zone . { dns_return drop; dns_next_upstream off; } }",
  qr/settings have no effect in a dns_zone with "dns_return", in \S+:\d+/ ],
[ "server { $both dns_zone . { dns_return drop; } }", undef ],
(map { [ "dns_limit_zone client zone=l:64k rate=1r/s;
          server { $both dns_zone . { dns_return drop; $_->[0] } }", $_->[1] ] }
 [ 'dns_limit zone=l;', undef ],
 [ 'dns_limit zone=l misses;', qr/settings have no effect in a dns_zone with/ ],
 [ 'dns_limit zone=l; dns_rotate off;', qr/settings have no effect in a / ]),

# listen

[ "server { $udp $to }",
  qr/"listen \S+": there is UDP, but no "listen" for TCP .*RFC 7766.*:\d+/ ],
[ "server { $udp $to } server { $tcp $to }", undef ],
[ "server { $tcp $to }", undef ],
[ "server { listen 127.0.0.1:%%PORT_8053%% udp rcvbuf=1900m; $tcp $to }",
  qr/"listen \S+": "rcvbuf=" of \d+ is cut to \d+ by the system, .*rmem_max/ ],
[ "server { listen 127.0.0.1:%%PORT_8053%% udp rcvbuf=64k; $tcp $to }", undef ],

# transports

(map { my ($name) = /^(\w+)/;
    [ "server { $udp $to $_ }",
      qr/"$name" has no effect in a server without a "listen" for TCP, in \S+:/
    ], [ "server { $both $to $_ }", undef ],
    [ "$_ server { $both $to } server { listen 127.0.0.1:%%PORT_8054%% udp;
       listen 127.0.0.1:%%PORT_8054%%; $to }", undef ],
} 'dns_idle_timeout 1s;', 'dns_client_timeout 1s;', 'dns_pipeline 2;'),
[ "server { $tcp $to dns_udp_proxy_protocol 127.0.0.1; }",
  qr/"dns_udp_proxy_protocol" has no effect in a server without .* for UDP/ ],

# other servers

[ "server { $both $to dns_next_upstream off; dns_next_upstream_budget 10%; }",
  qr/"dns_next_upstream_budget" has no effect .* "dns_next_upstream off"/ ],
[ "server { $both $to dns_next_upstream off; dns_next_upstream_tries 2; }",
  qr/"dns_next_upstream_tries" has no effect .* "dns_next_upstream off"/ ],
[ "dns_next_upstream_budget 10%; server { $both $to dns_next_upstream off; }",
  undef ],
[ "server { $both $to dns_upstream_timeout 6s; }",
  qr/"dns_upstream_timeout" of 6000 ms never counts, as .* of 5000 ms/ ],
[ "server { $both $to dns_upstream_timeout 5s; }", undef ],

# servers

[ "dns_upstream u { sequential; server 127.0.0.1 weight=2; } $use",
  qr/"weight=" has no effect with "sequential" in dns_upstream "u" in \S+:/ ],
[ "dns_upstream u { sequential; server 127.0.0.1 weight=1; } $use", undef ],
[ "dns_upstream u { server 255.255.255.255; } $use",
  qr/"server" "255.255.255.255:53" is the broadcast address, in .* in \S+:/ ],
[ "dns_upstream u { server 0.0.0.0; } $use",
  qr/"server" "0.0.0.0:53" is no address of a server, it means this machine,/ ],
[ "dns_upstream u { server [::]; } $use",
  qr/"server" "\[::\]:53" is no address of a server, it means this machine,/ ],
[ "$u health_check interval=200ms timeout=300ms; } $use",
  qr/"health_check": "timeout" of 300 ms is over "interval" of 200 ms/ ],
[ "$u health_check interval=200ms; } $use", undef ],

# of the proxy

[ "server { $both $to proxy_timeout 1s; }",
  qr/"proxy_\*" directives have no effect in a server with "dns_forward" in/ ],
[ "proxy_timeout 1s; server { $both $to }", undef ],
[ "proxy_bind 127.0.0.1; proxy_protocol on; server { $both $to }", undef ],
[ "server { $both $to proxy_protocol off; }", undef ],

);

for my $case (@cases) {
    my ($stream, $said) = @$case;

    my ($code, $out) = $t->test_config(
        "%%TEST_GLOBALS%%\nevents { }\nstream {\n$stream\n}\n");

    (my $name = $stream) =~ s/\s+/ /g;
    $name = substr $name, 0, 90;

    my $warned = join "\n", grep { /\[warn\]/ } split /\n/, $out;

    if ($code) {
        fail("$name is refused");
        diag($out);

    } elsif (defined $said) {
        like($warned, $said, $name);

    } else {
        is($warned, '', "nothing: $name");
    }
}
