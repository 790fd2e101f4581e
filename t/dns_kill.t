#!/usr/bin/perl

# Tests for a worker killed under load: the others go on, counts recover.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4)->allow(qr/exited on signal 9/);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream u {
    server  127.0.0.1:%%PORT_8081%%  max_outstanding=40;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    return $query->{qname} =~ /^silent/ ? ()
           : { a => '192.0.2.1', delay => 0.005 };
});

$t->run();

my $port = $t->port(8053);

# load, and a kill now and then

my $pid = fork() // die;

if ($pid == 0) {
    my $r = dns_bulk($port, 6000, window => 20, sockets => 16, timeout => 1);

    # a killed worker takes what it had in flight along

    POSIX::_exit(($r->{'192.0.2.1'} // 0) >= 6000 - 3 * 20
                 && !grep({ !/^(192\.0\.2\.1|TIMEOUT)$/ } keys %$r)
                 ? 0 : 1);
}

for (1 .. 3) {
    select undef, undef, undef, 0.3;
    kill 'KILL', ($t->workers())[0];
    $t->wait_for(sub { $t->workers() == 2 });
}

waitpid $pid, 0;
is($?, 0, 'lost is only what was in flight');

# all places of the server are taken by queries of workers that die

dns_bulk($port, 40, window => 40, timeout => 0.2,
         name => sub { "silent$_[0].test" });
is(dns_query($port, 'full.test', 'A')->{rcode}, 'SERVFAIL', 'full');

kill 'KILL', $_ for $t->workers();

# within a second, which is when worker 0 looks

ok($t->wait_for(sub {
    my $r = dns_bulk($port, 40, window => 40, timeout => 0.5);
    ($r->{'192.0.2.1'} // 0) == 40
}, 5), 'places of dead workers are given back, all of them');

is_deeply(dns_bulk($port, 300, window => 30), { '192.0.2.1' => 300 },
          'all goes on');
