#!/usr/bin/perl

# Tests for dns_control while workers are killed and nginx is reloaded: what was
# said holds, purges end, and the list of changes can be read.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->allow(qr/exited on signal 9/)
    ->plan(6);

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'control status');
dns_cache_zone  zone=answers:4m;

dns_upstream up {
    health_check  interval=100ms;
    server  127.0.0.1:%%PORT_8081%%;
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_cache    answers;
    dns_forward  . up;
}
EOF_CONF

my %up = map { $_ => $t->upstream($_, sub { { a => '192.0.2.1' } }) }
    8081, 8082;

$t->run();

my $http = $t->port(8080);
my $server = "/dns/upstreams/up/127.0.0.1:" . $t->port(8081);

# a worker that is killed leaves a request without an answer

sub post {
    my ($uri) = @_;

    my $r = $t->wait_for(sub {
        my $r = eval { http($http, $uri, method => 'POST') };
        return $r && ($r->{status} // '') eq '200' && $r;
    });

    return $r && $r->{body};
}

# queries all the time

my $load = fork() // die;

if ($load == 0) {
    for my $n (1 .. 100) {
        dns_bulk($t->port(8053), 100, window => 50, timeout => 0.3,
                 name => sub { "q$n-$_[0].test" });
    }

    POSIX::_exit(0);
}

my ($states, $purges) = (0, 0);

for my $i (1 .. 6) {
    $states += post("$server?state=" . ($i % 2 ? 'up' : 'down')) ? 1 : 0;

    my $killer = fork() // die;

    if ($killer == 0) {
        my ($pid) = $t->workers();
        kill 'KILL', $pid // 0 if $i % 3;
        POSIX::_exit(0);
    }

    $purges += post('/dns/caches/answers/purge?name=test&below=1') ? 1 : 0;
    waitpid $killer, 0;

    $t->reload() if $i % 3 == 0;
    $t->wait_for(sub { $t->workers() == 2 });
}

is($states, 6, 'states were set');
is($purges, 6, 'purges came to their end');

kill 'TERM', $load;
waitpid $load, 0;

my $s = $t->wait_for(sub { eval { status($http) } });

is($s->{upstreams}[0]{servers}[0]{forced}, 'down', 'the last one holds');
is(scalar(grep { $_->{state} eq 'down' } @{$s->{changes}}), 3,
   'each was noted');

$up{8081}->reset();
dns_query($t->port(8053), "last$_.test", 'A') for 1 .. 20;
is($up{8081}->count(), 0, 'it gets nothing');

like(post('/dns/caches/answers/purge'), qr/"purged":[1-9]/, 'a purge of all');
