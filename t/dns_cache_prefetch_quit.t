#!/usr/bin/perl

# Tests for dns_cache_prefetch where the worker that refreshes an answer quits:
# another one does it.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

dns_upstream u {
    server  127.0.0.1:%%PORT_8081%% max_fails=0;
}

server {
    listen                     127.0.0.1:%%PORT_8053%% udp;
    dns_forward                . u;
    dns_upstream_timeout       30s;
    dns_next_upstream_timeout  30s;
    dns_cache                  c;
    dns_cache_prefetch         90 hits=1;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;

    return $state->{silent} ? ()
                            : { a => $state->{a} // '192.0.2.1', ttl => 30 };
});

$t->run();

sub asked {
    return dns_query($t->port(8053), 'popular.test', 'A')->{answers}[0]{data};
}

is(asked(), '192.0.2.1', 'stored');

# three seconds later it is near its end

$u->set(silent => 1);

my $seen = $u->count();

ok($t->wait_for(sub { asked(); $u->count() > $seen }, 10), 'a refresh');

# its worker quits before there is an answer

ok($t->reload(), 'reload');

$u->set(silent => 0);
$u->set(a => '192.0.2.2');

ok($t->wait_for(sub { asked() eq '192.0.2.2' }, 10), 'refreshed by another');
is(asked(), '192.0.2.2', 'which stays');
