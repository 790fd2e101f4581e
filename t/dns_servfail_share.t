#!/usr/bin/perl

# Tests for servers that answer SERVFAIL where others have an answer.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%% fail_timeout=30s;
    server        127.0.0.1:%%PORT_8082%% fail_timeout=30s;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

# of each: names that it can't resolve

my $broken = sub {
    my ($query, $state) = @_;
    return $query->{qname} =~ ($state->{broken} // qr/^broken/)
           ? { rcode => $state->{rcode} // 'SERVFAIL' }
           : { a => $state->{addr} };
};

my $u = $t->upstream(8081, $broken);
my $v = $t->upstream(8082, $broken);

$u->set(addr => '192.0.2.1');
$v->set(addr => '192.0.2.2');

$t->run();

my $port = $t->port(8053);

sub ask { dns_bulk($port, $_[1] // 100, window => 10, name => $_[0]) }
sub mixed { my $n = shift; $n % 5 ? "q$n.test" : "broken$n.test" }

# a domain that nobody can resolve

is_deeply(ask(sub { "broken$_[0].test" }, 200), { SERVFAIL => 200 },
          'a broken domain');
unlike($t->error_log(), qr/left out/, 'ejects nobody');

# a domain that one can't resolve, a fifth of all

$v->set(broken => qr/^nothing/);
my $r = ask(\&mixed, 300);
is($r->{SERVFAIL}, undef, 'broken for one server: the other answers');
unlike($t->error_log(), qr/left out/, 'ejects nobody');

# all domains

$u->set(broken => qr/^/, rcode => 'REFUSED');
is_deeply(ask(sub { "q$_[0].test" }), { '192.0.2.2' => 100 },
          'a server that refuses all');
like($t->error_log(), qr/server 127.0.0.1:\d+ left out for 30000ms: most of it/,
     'is left out');
