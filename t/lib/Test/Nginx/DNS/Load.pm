package Test::Nginx::DNS::Load;

# Queries that go on in a process of their own while the test does something
# else, each for a name of its own, and each answer looked at.
#
#   $t->upstream(8081, \&numbered);
#
#   my $load = dns_load($port, %options);
#   ...
#   my $r = $load->stop();
#
# gives { right => 12345 }, and as in dns_bulk() whatever else there was: the
# right answer to nI.example.com is an address made of I, which the upstream
# numbered() gives after 5 ms.  Options are those of dns_bulk().

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Handle;
use IO::Select;
use POSIX qw/ _exit /;

use Test::Nginx::DNS::Client;

our @EXPORT = qw/ dns_load numbered /;

use constant ROUND => 1000;


sub address {
    my ($n) = @_;

    return join '.', 10, unpack 'xC3', pack 'N', $n;
}


sub numbered {
    my ($query) = @_;

    my ($n) = $query->{qname} =~ /^n(\d+)\./ or return { rcode => 'NXDOMAIN' };

    return { a => address($n), delay => 0.005 };
}


sub dns_load {
    my ($port, %o) = @_;

    pipe my $read, my $theirs or die "pipe: $!\n";
    pipe my $ours, my $write or die "pipe: $!\n";

    my $test = $$;
    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        close $_ for $read, $write;

        # it ends with the test, whatever becomes of that; another load may
        # have the other end of the pipe, too

        my $end = IO::Select->new($ours);
        my ($first, %sum) = (0);

        until ($end->can_read(0) || getppid() != $test) {
            my $right = 0;

            my $r = dns_bulk($port, ROUND, window => 50, sockets => 16, %o,
                name => sub { 'n' . ($first + $_[0]) . '.example.com' },
                each => sub {
                    my ($i, $what) = @_;
                    $right++ if $what eq address($first + $i);
                });

            my $addresses = 0;

            for my $what (keys %$r) {
                if ($what =~ /^[\d.]+$/) {
                    $addresses += $r->{$what};

                } else {
                    $sum{$what} += $r->{$what};
                }
            }

            $sum{right} += $right;
            $sum{wrong} += $addresses - $right if $addresses > $right;
            $first += ROUND;
        }

        print $theirs join ' ', %sum;
        $theirs->flush();
        _exit(0);
    }

    close $_ for $theirs, $ours;

    return bless { pid => $pid, read => $read, write => $write };
}


sub stop {
    my ($self) = @_;

    print {$self->{write}} "stop\n";
    close $self->{write};

    my %sum = split ' ', readline($self->{read}) // '';
    waitpid $self->{pid}, 0;

    return \%sum;
}


1;
