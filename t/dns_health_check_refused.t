#!/usr/bin/perl

# Tests for health_check: as it is by default, a server that refuses the
# question is well, as name servers do that are no resolvers; the time for an
# answer is the interval if that is less than a second.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

sub answer {
    my ($query, $state) = @_;

    return $query->{qname} ne '.' ? { a => '192.0.2.1' }
        : $state->{delay} ? { answers => [], delay => 0.2 }
        : { rcode => $state->{rcode} // 'REFUSED' };
}

my ($u, $v) = map { $t->upstream($_, \&answer, probes => 1) } 8081, 8082;

$t->run();

my $addr = '127.0.0.1:' . $t->port(8081);

ok($t->wait_for(sub { $u->count() > 5 && $v->count() > 5 }), 'checked');
unlike($t->error_log(), qr/is down/, 'REFUSED: up');

$u->set(rcode => 'NOTIMP');
$v->set(rcode => 'FORMERR');
sleep 0.5;
unlike($t->error_log(), qr/is down/, 'NOTIMP, FORMERR: up');

$u->set(rcode => 'SERVFAIL');
ok($t->wait_for(sub { $t->error_log() =~ /$addr is down .* SERVFAIL/ }),
   'SERVFAIL: down');

$v->set(delay => 1);
$addr = '127.0.0.1:' . $t->port(8082);
ok($t->wait_for(sub { $t->error_log() =~ /$addr is down .* timed out/ }),
   'an answer after the interval: down');
