#!/usr/bin/perl

# Tests for dns_zone: the longest zone wins, settings are inherited from
# stream and server, and those of a zone are for its names only.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(26);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone     zone=c:1m;
dns_cache_max_ttl  300s;

log_format  f  '$dns_qname $dns_zone $dns_upstream $dns_cache_status';
access_log  %%TESTDIR%%/dns.log f;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;

    dns_cache          c;
    dns_cache_min_ttl  20s;
    dns_forward        . up;

    dns_zone kube.test Arpa. {
        dns_pass                kube;
        dns_cache_max_ttl       30s;
        dns_cache_negative_ttl  0 5s;
    }

    dns_zone deep.kube.test {
        dns_pass   127.0.0.1:%%PORT_8081%%;
        dns_cache  off;
    }

    dns_zone plain.test { include %%TESTDIR%%/pass.conf; }

    dns_zone slow.test {
        include %%TESTDIR%%/slow.conf;
    }

    dns_zone subnet.test {
        dns_pass           up;
        dns_client_subnet  forward;
    }
}

dns_upstream up {
    include %%TESTDIR%%/servers.conf;
}

dns_upstream kube {
    server  127.0.0.1:%%PORT_8082%%;
}
EOF_CONF

$t->write_file_expand('servers.conf',
                      "server 127.0.0.1:%%PORT_8081%%;\nhealth_check off;\n");
$t->write_file('pass.conf', "dns_pass up;\n");
$t->write_file_expand('slow.conf', <<'EOF_CONF');
dns_pass                   127.0.0.1:%%PORT_8083%%;
dns_upstream_timeout       50ms;
dns_next_upstream_timeout  100ms;
EOF_CONF

sub answer {
    my ($query) = @_;
    my $name = $query->{qname_raw};

    return { rcode => 'NXDOMAIN',
             authority => [ [ $name, 'SOA', 600,
                              'ns.test admin.test 1 2 3 4 600' ] ] }
        if $query->{qname} =~ /^no\./;

    my $ttl = $query->{qname} =~ /^short/ ? 1 : 1000;

    return { answers => [ [ $name, 'A', $ttl, "192.0.2.$_[1]" ] ] };
}

$t->upstream(8081, sub { answer($_[0], 1) });
$t->upstream(8082, sub { answer($_[0], 2) });
$t->upstream(8083, sub { });

$t->run();

sub get {
    my ($name, %o) = @_;
    my $r = dns_query($t->port(8053), $name, 'A', %o);
    my ($rr) = @{$r->{answers}};

    return "$rr->{data} " . whole($rr->{ttl}) if $rr;
    return $r->{rcode} if !@{$r->{authority}};
    return "$r->{rcode} " . whole($r->{authority}[0]{ttl});
}

# a second or two may have gone by on a busy machine

sub whole {
    my ($ttl) = @_;

    my ($whole) = grep { $ttl <= $_ && $ttl > $_ - 3 } 5, 20, 30, 300, 600;

    return $whole // $ttl;
}

# a setting of the zone, of the server, of stream

get('a.kube.test');
is(get('a.kube.test'), '192.0.2.2 30', 'dns_cache_max_ttl of the zone');
is(get('a.kube.test', proto => 'tcp'), '192.0.2.2 30', 'over TCP');
get('1.arpa');
is(get('1.arpa'), '192.0.2.2 30', 'the second name of the block');
get('short.kube.test');
is(get('short.kube.test'), '192.0.2.2 20', 'dns_cache_min_ttl of the server');
get('a.test');
is(get('a.test'), '192.0.2.1 300', 'dns_cache_max_ttl of stream, outside');
get('plain.test');
is(get('plain.test'), '192.0.2.1 300', 'without settings of its own');

get('no.kube.test');
is(get('no.kube.test'), 'NXDOMAIN 5', 'dns_cache_negative_ttl of the zone');
get('no.test');
is(get('no.test'), 'NXDOMAIN 600', 'the default elsewhere');

# the longest zone, its own cache

is(get('a.deep.kube.test'), '192.0.2.1 1000', 'the longest zone');
is(get('a.deep.kube.test'), '192.0.2.1 1000', 'which has no cache');

# time

my $start = time();
is(get('a.slow.test'), 'SERVFAIL', 'a server that is silent');
cmp_ok(time() - $start, '<', 1.5, 'for the time of the zone');

# Client Subnet

my $subnet = [ 8, pack('nCCC3', 1, 24, 0, 192, 0, 2) ];

sub subnets {
    my $r = dns_query($t->port(8053), $_[0], 'A',
                      edns => { options => [ $subnet ] });
    return scalar grep { $_->[0] == 8 } @{$r->{edns}{options}};
}

is(subnets('a.subnet.test'), 1, 'dns_client_subnet of the zone');
is(subnets('a.subnet.test'), 1, 'from the cache');
is(subnets('b.test'), 0, 'not elsewhere');
is(subnets('b.test'), 0, 'nor from the cache');

# DS is the parent's

dns_query($t->port(8053), 'deep.kube.test', 'DS');
dns_query($t->port(8053), 'kube.test', 'DS');

# what the log says

$t->wait_for(sub { $t->read_file('dns.log') =~ /^kube\.test /m });

my $log = $t->read_file('dns.log');

like($log, qr/^a\.kube\.test kube\.test kube MISS$/m, 'log: the zone');
like($log, qr/^a\.kube\.test kube\.test kube HIT$/m, 'log: a hit');
like($log, qr/^1\.arpa Arpa\. kube HIT$/m, 'log: as configured');
like($log, qr/^a\.test \. up HIT$/m, 'log: elsewhere');
like($log, qr/^a\.deep\.kube\.test deep\.kube\.test 127\S+ BYPASS$/m,
     'log: no cache');
like($log, qr/^plain\.test plain\.test up HIT$/m, 'log: without settings');
like($log, qr/^deep\.kube\.test kube\.test kube /m, 'DS of a zone in a zone');
like($log, qr/^kube\.test \. up /m, 'DS of a zone');

# a reload changes settings of a zone

$t->write_file('slow.conf', "dns_return nodata;\n");
$t->reload();
is(get('a.slow.test'), 'NOERROR 60', 'another one after a reload');
like(get('a.kube.test'), qr/^192.0.2.2 [123]\d?$/, 'what is stored stays');
