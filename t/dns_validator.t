#!/usr/bin/perl

# Tests with a resolver that validates (DNSSEC) and asks nginx over UDP, TCP
# and TLS for a signed zone, a signed zone below it and one that is not signed,
# which are on different servers: the records at each border must come from the
# zone above, also from the cache (RFC 4035, 3.1.4.1).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority;
use Test::Nginx::DNS::Stream;
use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->has('ssl')->plan(68);

tls_certificate($t);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

ssl_protocols        TLSv1.2 TLSv1.3;
ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

log_format  f  '$dns_qname $dns_qtype $protocol $dns_upstream '
               '$dns_cache_status';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream parent {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  interval=100ms;
}

dns_upstream child {
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;

    dns_forward  ex.test parent;
    dns_forward  sub.ex.test child;
    dns_forward  plain.ex.test child;
    dns_cache    c;
}
EOF_CONF

my $dir = $t->testdir();

# a key for a zone: its name, without the end of that of the files

sub key {
    my ($zone) = @_;

    my $name = `cd $dir && ldns-keygen -k -a ECDSAP256SHA256 $zone`;

    die "no key for $zone\n" if $? || $name !~ /^(K\S+)$/;

    return $1;
}


sub signed {
    my ($zone, $key, @lines) = @_;

    $t->write_file($zone, zone($zone, @lines));
    system("cd $dir && ldns-signzone $zone $key") == 0
        or die "cannot sign $zone\n";

    return "$zone.signed";
}

my ($parent_key, $child_key) = map { key($_) } qw/ ex.test sub.ex.test /;

my $child = signed('sub.ex.test', $child_key, 'www A 192.0.2.1',
                   '*.w A 192.0.2.2', 'bad A 192.0.2.3');
my $parent = signed('ex.test', $parent_key, 'www A 192.0.2.4',
                    'sub NS ns', 'plain NS ns',
                    $t->read_file("$child_key.ds"));

$t->write_file('plain', zone('plain.ex.test', 'www A 192.0.2.5'));

# its signature is not that of this address

my $text = $t->read_file($child);
is($text =~ s/(\n\S+\s+3600\s+IN\s+A\s+)192\.0\.2\.3\n/${1}192.0.2.66\n/g, 1,
   'one is spoilt');
$t->write_file($child, $text);

my $nsd = nsd($t, 8081, 'ex.test' => $parent);
my $knot = knot($t, 8082, 'sub.ex.test' => $child, 'plain.ex.test' => 'plain');

# it keeps nothing, so that nginx is asked for all of it again

sub unbound {
    my ($name, $port, $what) = @_;

    $t->write_file_expand("$name.conf", <<EOF);
server:
    outgoing-port-avoid: 1024-32767
    directory: "%%TESTDIR%%"
    chroot: ""
    username: ""
    pidfile: "%%TESTDIR%%/$name.pid"
    use-syslog: no
    val-log-level: 2
    interface: 127.0.0.1\@%%PORT_$port%%
    num-threads: 1
    module-config: "validator iterator"
    trust-anchor-file: "%%TESTDIR%%/$parent_key.key"
    do-not-query-localhost: no
    local-zone: "test." nodefault
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    val-bogus-ttl: 0
    tls-cert-bundle: "%%TESTDIR%%/cert.pem"
$what
EOF

    return $t->spawn("$name.out", 'unbound', '-d', '-c', "$dir/$name.conf");
}

my @pids = (
    unbound('udp', 8091, <<'EOF'),
forward-zone:
    name: ex.test
    forward-addr: 127.0.0.1@%%PORT_8053%%
EOF
    unbound('tcp', 8092, <<'EOF'),
forward-zone:
    name: ex.test
    forward-addr: 127.0.0.1@%%PORT_8053%%
    forward-tcp-upstream: yes
EOF
    unbound('tls', 8093, <<'EOF'),
forward-zone:
    name: ex.test
    forward-addr: 127.0.0.1@%%PORT_8853%%#localhost
    forward-tls-upstream: yes
EOF
    unbound('stub', 8094, <<'EOF'),
stub-zone:
    name: ex.test
    stub-addr: 127.0.0.1@%%PORT_8053%%
EOF
);

END {
    my $status = $?;

    for (@pids) { kill 'TERM', $_; waitpid $_, 0 }

    $? = $status;
}

$t->run();

my %way = (udp => $t->port(8091), tcp => $t->port(8092),
           tls => $t->port(8093), stub => $t->port(8094));

for my $port (values %way) {
    $t->wait_for(sub {
        my $r = eval { dns_query($port, 'ex.test', 'A', timeout => 0.5) };
        sleep 0.05 if !$r;
        return $r;
    }, 15) or die "a resolver does not start\n";
}

sub ask {
    my ($way, $name) = @_;

    my $r = dns_query($way{$way}, $name, 'A', ad => 1, timeout => 10)
        // return 'nothing';
    my ($a) = grep { $_->{type} eq 'A' } @{$r->{answers}};

    return join ' ', $r->{rcode}, $r->{ad} ? 'secure' : 'insecure',
        $a ? $a->{data} : ();
}

for my $way (qw/ udp tcp tls stub /) {
    for my $try (1, 2) {
        my $what = "over $way, $try";

        is(ask($way, 'www.ex.test'), 'NOERROR secure 192.0.2.4',
           "the zone above, $what");
        is(ask($way, 'www.sub.ex.test'), 'NOERROR secure 192.0.2.1',
           "the one below, $what");
        is(ask($way, "$way.w.sub.ex.test"), 'NOERROR secure 192.0.2.2',
           "a wildcard, $what");
        is(ask($way, 'none.sub.ex.test'), 'NXDOMAIN secure', "none, $what");
        is(ask($way, 'sub.ex.test'), 'NOERROR secure', "no data, $what");
        is(ask($way, 'www.plain.ex.test'), 'NOERROR insecure 192.0.2.5',
           "not signed, $what");
        is(ask($way, 'bad.sub.ex.test'), 'SERVFAIL insecure',
           "spoilt, $what");
    }
}

$t->stop();

my $log = $t->read_file('dns.log');

# the border is asked of the zone above, its key of the one below

for (qw/ UDP TCP /) {
    like($log, qr/^sub.ex.test DS $_ parent HIT$/m, "DS from above, $_");
}

like($log, qr/^sub.ex.test DS UDP parent MISS$/m, 'as a miss, too');
like($log, qr/^plain.ex.test DS UDP parent HIT$/m, 'there is none');
unlike($log, qr/^\S+ DS \S+ child /m, 'none from below');
like($log, qr/^sub.ex.test DNSKEY UDP child HIT$/m, 'DNSKEY from below');
like($log, qr/^www.sub.ex.test A UDP child HIT$/m, 'and its records');
unlike($log, qr/^\S+sub.ex.test A \S+ parent /m, 'nothing else from above');
is(() = $log =~ /^sub.ex.test DS \S+ parent MISS$/mg, 1, 'asked once');

my $bogus = join '', map { $t->read_file("$_.out") } qw/ udp tcp tls stub /;

like($bogus, qr/validation failure <bad\.sub\.ex\.test/, 'it was spoilt');
unlike($bogus, qr/validation failure <(?!bad\.sub\.ex\.test)/,
       'nothing else was');
