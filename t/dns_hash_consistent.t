#!/usr/bin/perl

# Tests for dns_upstream: hash with "consistent" moves only the keys of the
# server that is gone.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(11);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    # a late answer must not send a query on to another server

    dns_next_upstream off;

    dns_upstream u {
        hash $dns_qname consistent;
        server 127.0.0.1:%%PORT_8081%%;
        server 127.0.0.1:%%PORT_8082%% STATE;
        server 127.0.0.1:%%PORT_8083%%;
        server 127.0.0.1:%%PORT_8084%%;
    }

    server {
        listen      127.0.0.1:%%PORT_8053%% udp reuseport;
        dns_forward . u;
    }
}

EOF_CONF

for my $n (1 .. 4) {
    $t->upstream(8080 + $n, sub { { a => "192.0.2.$n" } });
}

configure('');
$t->run();

my %before = where();
my %again = where();

is(keys %before, 400, 'answered');
is_deeply(\%again, \%before, 'same server');

my %share;
$share{$_}++ for values %before;

cmp_ok($share{"192.0.2.$_"}, '>', 40, "share of $_") for 1 .. 4;

# without one of them

configure('down');
ok($t->reload(), 'reload without the second');

my %after = where();

is((grep { $before{$_} ne '192.0.2.2' && $after{$_} ne $before{$_} }
         keys %before), 0, 'keys of the others stay');

my %moved = map { $after{$_} => 1 }
            grep { $before{$_} eq '192.0.2.2' } keys %before;

is(join(' ', sort keys %moved), '192.0.2.1 192.0.2.3 192.0.2.4',
   'keys of the second go to all others');

# and with it again

configure('');
ok($t->reload(), 'reload with the second');

%after = where();
is_deeply(\%after, \%before, 'as before');

###############################################################################

sub configure {
    my ($state) = @_;

    $t->write_file_expand('nginx.conf', $conf =~ s/ STATE/ $state/r);
}


sub where {
    my %where;

    dns_bulk($t->port(8053), 400, window => 8, sockets => 16,
        each => sub { $where{$_[0]} = $_[1] });

    return %where;
}

###############################################################################
