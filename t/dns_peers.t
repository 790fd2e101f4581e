#!/usr/bin/perl

# Tests with real name servers on both sides: unbound forwards to nginx over
# UDP, TCP and TLS; nginx forwards to nsd and to unbound over UDP and TCP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority qw/ nsd /;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(17);

tls_certificate($t);

$t->write_stream(<<'EOF_CONF');
ssl_protocols        TLSv1.2 TLSv1.3;
ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

log_format  f  '$dns_qname $protocol $dns_upstream_addr $dns_rcode';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream nsd {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  interval=100ms query=test type=SOA;
}

dns_upstream nsd_tcp {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  interval=100ms query=test type=SOA;
}

dns_upstream unbound {
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms query=test type=SOA;
}

dns_upstream unbound_tcp {
    server        tcp://127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms query=test type=SOA;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;

    dns_forward  one.test nsd;
    dns_forward  two.test nsd_tcp;
    dns_forward  three.test unbound;
    dns_forward  four.test unbound_tcp;
    dns_forward  . nsd;
}
EOF_CONF

my @zones = qw/ one two three four /;
my $dir = $t->testdir();

my $zone = '';

for (@zones) {
    $zone .= "*.$_ A 192.0.2.1\n"
        . "long.$_ TXT " . join(' ', ('"' . 'x' x 200 . '"') x 20) . "\n";
}

$t->write_file('zone', <<EOF . $zone);
\$ORIGIN test.
\$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
EOF

sub unbound_conf {
    my ($name, $port, $what) = @_;

    $t->write_file_expand($name, <<EOF);
server:
    outgoing-port-avoid: 1024-32767
    directory: "%%TESTDIR%%"
    chroot: ""
    username: ""
    pidfile: "%%TESTDIR%%/$name.pid"
    use-syslog: no
    interface: 127.0.0.1\@%%PORT_$port%%
    num-threads: 1
    module-config: "iterator"
    do-not-query-localhost: no
    local-zone: "test." nodefault
    tls-cert-bundle: "%%TESTDIR%%/cert.pem"
$what
EOF
}

unbound_conf('behind.conf', 8082, <<'EOF');
stub-zone:
    name: test
    stub-addr: 127.0.0.1@%%PORT_8081%%
EOF

unbound_conf('udp.conf', 8091, <<'EOF');
forward-zone:
    name: .
    forward-addr: 127.0.0.1@%%PORT_8053%%
EOF

unbound_conf('tcp.conf', 8092, <<'EOF');
forward-zone:
    name: .
    forward-addr: 127.0.0.1@%%PORT_8053%%
    forward-tcp-upstream: yes
EOF

unbound_conf('tls.conf', 8093, <<'EOF');
forward-zone:
    name: .
    forward-addr: 127.0.0.1@%%PORT_8853%%#localhost
    forward-tls-upstream: yes
EOF

my $authority = nsd($t, 8081, test => 'zone');

my @pids = map { $t->spawn("$_.out", 'unbound', '-d', '-c', "$dir/$_.conf") }
    qw/ behind udp tcp tls /;

END {
    my $status = $?;

    for (@pids) { kill 'TERM', $_; waitpid $_, 0 }

    $? = $status;
}

$t->run();

my %way = (udp => $t->port(8091), tcp => $t->port(8092),
           tls => $t->port(8093));

# all are up

ok($t->wait_for(sub {
    for my $port ($t->port(8081), $t->port(8082), values %way) {
        return 0 if !eval { dns_query($port, 'up.one.test', 'A',
                                      timeout => 0.2) };
    }
    return 1;
}, 15), 'all have started');

for my $way (sort keys %way) {
    for my $zone (@zones) {
        my $r = dns_query($way{$way}, "$way.$zone.test", 'A');
        is($r->{answers}[0]{data}, '192.0.2.1', "over $way, from $zone");
    }
}

# what is too long for UDP on any side

my $said = `kdig +short \@127.0.0.1 -p $way{udp} long.one.test TXT 2>&1`;
cmp_ok(length $said, '>', 4000, 'long answer over UDP and TCP');

$said = `kdig +short \@127.0.0.1 -p $way{tls} long.four.test TXT 2>&1`;
cmp_ok(length $said, '>', 4000, 'long answer over TLS and TCP');

$t->stop();

my $log = $t->read_file('dns.log');
my ($nsd, $unbound) = ($t->port(8081), $t->port(8082));

like($log, qr/^tls.two.test TCP tcp:\/\/127.0.0.1:$nsd NOERROR$/m, 'log');
like($log, qr/^tcp.three.test TCP 127.0.0.1:$unbound NOERROR$/m, 'log');
