#!/usr/bin/perl

# Tests for failing servers of all kinds: clients are answered by another.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(27);

my %kinds = (
    8181 => [ closed => undef ],
    8182 => [ silent => sub { () } ],
    8183 => [ servfail => sub { { rcode => 'SERVFAIL' } } ],
    8184 => [ refused => sub { { rcode => 'REFUSED' } } ],
    8185 => [ garbage => sub { { raw => '%ID%garbage' } } ],
    8186 => [ 'wrong ID' => sub { { id => 7, a => '192.0.2.66' } } ],
    8187 => [ 'wrong question' => sub {
        { question => [ 'evil.test', 'A' ], a => '192.0.2.66' } } ],
    8188 => [ 'another port' => sub {
        { from => 'elsewhere', a => '192.0.2.66' } } ],
    8189 => [ 'cut' => sub { { a => '192.0.2.66', truncate => 40 } } ],
);

my @ports = sort keys %kinds;

$t->write_file_expand('nginx.conf', <<'EOF_CONF'

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    log_format  f  '$dns_upstream_addr $dns_upstream_tries $dns_rcode';

    access_log  %%TESTDIR%%/dns.log f;

    dns_upstream_timeout  400ms;

EOF_CONF
    . join('', map { my $in = $_ - 100; <<"EOF_SERVER" } @ports)

    dns_upstream u$_ {
        server  127.0.0.1:%%PORT_$_%%  max_fails=0;
        server  127.0.0.1:%%PORT_8080%%;
    }

    server {
        listen       127.0.0.1:%%PORT_$in%% udp;
        dns_forward  . u$_;
    }

EOF_SERVER
    . "}\n");

$t->upstream(8080, sub { { a => '192.0.2.1' } });

for my $port (@ports) {
    $t->upstream($port, $kinds{$port}[1]) if $kinds{$port}[1];
}

$t->run();

for my $port (@ports) {
    my $name = $kinds{$port}[0];
    my $max = 0;

    is_deeply(dns_bulk($t->port($port - 100), 20, window => 4, each => sub {
        $max = $_[3] if $_[3] > $max;
    }), { '192.0.2.1' => 20 }, "$name: all from the other");

    # nothing was measured of the first: a quarter of dns_upstream_timeout

    cmp_ok($max, '<', 0.3, "$name: in time");

    is((grep { $_ eq '127.0.0.1:' . $t->port(8080) . ' 2 NOERROR' }
        split /\n/, $t->read_file('dns.log')) >= 5 ? 1 : 0, 1,
       "$name: second try");
}
